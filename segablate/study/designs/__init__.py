"""Which combinations of the varied values are run. [registry]"""
