import base64
import pickle
import traceback

import pytest
from cryptography.fernet import Fernet

from resolver.errors import ConfigurationError, CredentialsError
from resolver.keyring import Keyring

SECRET = "s3cret-Wörd"


def test_a_secret_comes_back_for_its_tenant() -> None:
    keyring = Keyring(Keyring.generate())
    token = keyring.encrypt("tenant-1", SECRET)
    assert token.startswith("v1:")
    assert SECRET not in token
    assert keyring.decrypt("tenant-1", token) == SECRET


def test_two_encryptions_of_one_secret_differ() -> None:
    keyring = Keyring(Keyring.generate())
    assert keyring.encrypt("tenant-1", SECRET) != keyring.encrypt("tenant-1", SECRET)


def test_a_token_moved_to_another_tenant_does_not_open() -> None:
    keyring = Keyring(Keyring.generate())
    token = keyring.encrypt("tenant-1", SECRET)
    with pytest.raises(CredentialsError, match="'tenant-2'"):
        keyring.decrypt("tenant-2", token)


def test_every_flipped_bit_and_every_truncation_is_noticed() -> None:
    keyring = Keyring(Keyring.generate())
    raw = base64.urlsafe_b64decode(keyring.encrypt("tenant-1", SECRET)[3:])
    damaged = [raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1 :] for i in range(len(raw))]
    damaged += [raw[:i] for i in range(len(raw))]
    for value in damaged:
        with pytest.raises(CredentialsError):
            keyring.decrypt("tenant-1", "v1:" + base64.urlsafe_b64encode(value).decode())


@pytest.mark.parametrize("token", ["", "plain", "v1:", "v1:$$$$", "v2:AAAA", "gAAAA*", "v1:é"])
def test_a_value_in_no_known_form_is_a_credentials_error(token: str) -> None:
    with pytest.raises(CredentialsError):
        Keyring(Keyring.generate()).decrypt("tenant-1", token)


def test_fernet_tokens_of_other_writers_open() -> None:
    key = Fernet.generate_key()
    token = Fernet(key).encrypt(SECRET.encode()).decode()
    assert Keyring(key.decode()).decrypt("tenant-1", token) == SECRET


def test_fernet_tokens_that_we_write_open_for_others() -> None:
    key = Keyring.generate()
    token = Keyring(key).encrypt("tenant-1", SECRET, "fernet")
    assert Fernet(key).decrypt(token).decode() == SECRET


def test_a_forced_cipher_refuses_the_other_form() -> None:
    keyring = Keyring(Keyring.generate())
    with pytest.raises(CredentialsError):
        keyring.decrypt("t", keyring.encrypt("t", SECRET), "fernet")
    with pytest.raises(CredentialsError):
        keyring.decrypt("t", keyring.encrypt("t", SECRET, "fernet"), "aes-256-gcm")


@pytest.mark.parametrize("cipher", ["aes-256-gcm", "fernet"])
def test_during_a_rotation_the_first_key_encrypts_and_all_decrypt(cipher: str) -> None:
    old, new = Keyring.generate(), Keyring.generate()
    both = Keyring(f"{new}, {old}")
    of_old = Keyring(old).encrypt("t", SECRET, cipher)  # type: ignore[arg-type]
    of_both = both.encrypt("t", SECRET, cipher)  # type: ignore[arg-type]
    assert both.decrypt("t", of_old) == SECRET
    assert Keyring(new).decrypt("t", of_both) == SECRET
    with pytest.raises(CredentialsError):
        Keyring(new).decrypt("t", of_old)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "short",
        "!" * 44,
        base64.urlsafe_b64encode(b"x" * 31).decode(),
        "{good},",
        "{good},bad",
    ],
)
def test_a_malformed_key_is_refused_without_being_quoted(text: str) -> None:
    text = text.replace("{good}", Keyring.generate())
    with pytest.raises(ConfigurationError) as caught:
        Keyring(text)
    for part in filter(None, (part.strip() for part in text.split(","))):
        assert part not in str(caught.value)


def test_errors_hold_no_secret_in_their_frames() -> None:
    key = Keyring.generate()
    keyring = Keyring(key)
    with pytest.raises(CredentialsError) as wrong:
        keyring.decrypt("other", keyring.encrypt("t", SECRET))
    with pytest.raises(ConfigurationError) as malformed:
        Keyring(key + "x")
    for caught in (wrong, malformed):
        # Frame 0 is this test, which knows the secrets.
        stack = traceback.StackSummary.extract(
            list(traceback.walk_tb(caught.value.__traceback__))[1:], capture_locals=True
        )
        shown = "".join(stack.format()) + repr(caught.value)
        assert SECRET not in shown
        assert key not in shown
        assert caught.value.__context__ is None


def test_the_keyring_shows_and_pickles_no_key() -> None:
    key = Keyring.generate()
    assert key not in repr(Keyring(key))
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Keyring(key))
