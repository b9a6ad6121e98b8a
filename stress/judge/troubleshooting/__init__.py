"""The causes of failures, by symptom: each rule fires by the data of the run alone."""
