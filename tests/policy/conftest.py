"""The policies are fast, but a busy machine is not: examples have no deadline."""

from hypothesis import settings

if settings.get_current_profile_name() == "default":  # a profile that somebody chose stays
    settings.register_profile("policy", deadline=None)
    settings.load_profile("policy")
