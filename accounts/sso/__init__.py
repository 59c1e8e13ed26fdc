"""OpenID Connect, the portal's side of it: fetching, the provider, the token, the walk there and back (rule ACC-5).

Nothing here knows who may sign in: that is `accounts.services.directory_sign_in`. What is refused is a ValidationError with a
code and a sentence for the person in front of the screen.
"""
