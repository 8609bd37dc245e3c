"""Where a study meets the parts. [registry]"""
