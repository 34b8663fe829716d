"""Addresses of signing in and of one's own security, under the names that django-allauth uses.

Those of its pages that are not here do not exist: nobody signs up, and passwords are not reset by
mail.
"""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from reasoning.web import accounts, people, security

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", accounts.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", accounts.Code.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", accounts.Passkey.as_view(), name="mfa_login_webauthn"),
    path("sign-in/passkey/options/", accounts.passkey_options, name="passkey-options"),
    path("sign-out/", accounts.sign_out, name="account_logout"),
    path("invitation/<str:token>/", people.accept, name="accept-invitation"),
    path("security/", security.index, name="mfa_index"),
    path("security/confirm/", accounts.ConfirmPassword.as_view(), name="account_reauthenticate"),
    path("security/confirm/code/", accounts.ConfirmCode.as_view(), name="mfa_reauthenticate"),
    path(
        "security/confirm/passkey/",
        accounts.ConfirmPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("security/password/", security.ChangePassword.as_view(), name="account_change_password"),
    path("security/password/set/", security.SetPassword.as_view(), name="account_set_password"),
    path("security/app/", security.AddApp.as_view(), name="mfa_activate_totp"),
    path("security/app/remove/", security.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("security/recovery/", security.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "security/recovery/new/",
        security.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("security/passkeys/add/", security.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "security/passkeys/<int:pk>/remove/",
        security.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("security/sessions/<int:identifier>/end/", security.end_session, name="end-session"),
    path("security/sessions/end/", security.end_others, name="end-other-sessions"),
    path("security/tokens/", security.make_token, name="make-token"),
    path("security/tokens/<uuid:identifier>/revoke/", security.revoke_token, name="revoke-token"),
]
if settings.OIDC:
    urlpatterns.append(path("", include("allauth.socialaccount.providers.openid_connect.urls")))
