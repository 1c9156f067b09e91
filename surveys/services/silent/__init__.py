"""Silent customers: train a model of their dissatisfaction, keep it, score everybody, ask a few whether it is so.

scikit-learn takes a second and 90 MB to load: only `training` and `scoring` import what loads it, and only commands and
workers import those.
"""
