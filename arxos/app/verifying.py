"""Whose tokens the settings believe."""

from arxos.app.jwks import Jwks
from arxos.app.settings import Settings
from arxos.app.tokens import Verifier, check_secret
from arxos.domain.errors import InvalidError


def verifier_of(settings: Settings) -> Verifier:
    """Raises InvalidError naming the setting where nobody's would be, or the secret is too short."""
    if settings.jwt_secret is None and not settings.jwks_url:
        raise InvalidError("ARXOS_JWT_SECRET: is not set, and ARXOS_JWKS_URL neither: nobody could come in")
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
    if secret is not None:
        check_secret(secret)
    jwks = Jwks(settings.jwks_url, settings.jwks_refresh_s, settings.jwks_stale_s) if settings.jwks_url else None
    return Verifier(secret, jwks, settings.jwt_audience or None, settings.jwt_skew_s, settings.token_life_max_s)
