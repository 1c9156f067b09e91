"""The model of latent dissatisfaction: who, of those who said nothing, is probably dissatisfied, and how sure that is.

A silent customer has answered nothing, so only what the company knows of everybody may train the model: every column
has an *availability*, and what is `answered` is kept out. Everything here is plain numbers; scikit-learn is loaded by
the modules that fit or predict, and only services import those.
"""
