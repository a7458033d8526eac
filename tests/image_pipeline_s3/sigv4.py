"""Verifies AWS Signature Version 4 of requests to S3, by the published specification, with the standard library only.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import datetime
import hashlib
import hmac
import re
import urllib.parse

MAX_SKEW = datetime.timedelta(minutes=15)
EMPTY = hashlib.sha256(b"").hexdigest()


class Refused(Exception):
    """The code and message of S3 for a request that is refused, and its HTTP status."""

    def __init__(self, status, code, message):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def uri_encode(text):
    """Encodes bytes but for unreserved characters (RFC 3986), with hexadecimal digits in upper case."""
    return "".join(chr(c) if chr(c) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
                   else f"%{c:02X}" for c in text)


def canonical_path(path):
    """Encodes the key that the path means: a client that encodes it in another way signs something else."""
    return "/".join(uri_encode(urllib.parse.unquote_to_bytes(part)) for part in path.split("/"))


def canonical_query(query):
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    decoded = [(urllib.parse.unquote_to_bytes(name), urllib.parse.unquote_to_bytes(value)) for name, value in pairs]
    return "&".join(f"{uri_encode(name)}={uri_encode(value)}" for name, value in sorted(decoded))


def string_to_sign(method, target, headers, signed, scope):
    """`headers` maps names in lower case to values."""
    path, _, query = target.partition("?")
    lines = [method, canonical_path(path), canonical_query(query)]
    lines += [f"{name}:{' '.join(headers[name].split())}" for name in signed]
    lines += ["", ";".join(signed), headers["x-amz-content-sha256"]]
    digest = hashlib.sha256("\n".join(lines).encode("latin-1")).hexdigest()
    return "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest])


def sign(secret, scope, text):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def parse(authorization):
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})",
                         authorization)
    if match is None:
        raise Refused(403, "AccessDenied", "The request is not signed.")
    return match.groups()


def check_headers(headers, signed):
    if signed != sorted(signed) or "host" not in signed:
        raise Refused(403, "SignatureDoesNotMatch", "The list of signed headers is wrong.")
    for name in signed:
        if name not in headers:
            raise Refused(403, "SignatureDoesNotMatch", f"The header {name} is signed and not sent.")
    for name in headers:
        if name.startswith("x-amz-") and name not in signed:
            raise Refused(403, "AccessDenied", f"The header {name} is not signed.")


def check_date(text, scope, now):
    try:
        date = datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise Refused(403, "AccessDenied", "The date is none.") from None
    if abs(now - date) > MAX_SKEW:
        raise Refused(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too "
                      "large.")
    if scope.split("/")[0] != text[:8]:
        raise Refused(403, "SignatureDoesNotMatch", "The scope has another date.")


def verify(store, method, target, headers, body, now):
    """Raises Refused unless the request is signed with the credentials of the store."""
    key, scope, signed, signature = parse(headers.get("authorization", ""))
    signed = signed.split(";")
    if key != store.key:
        raise Refused(403, "InvalidAccessKeyId", "The key does not exist in our records.")
    if headers.get("x-amz-security-token") != store.token:
        raise Refused(403, "InvalidToken", "The token is not the one of the key.")
    check_headers(headers, signed)
    if "x-amz-date" not in headers or "x-amz-content-sha256" not in headers:
        raise Refused(400, "InvalidRequest", "A header is missing.")
    check_date(headers["x-amz-date"], scope, now)
    if scope.split("/")[1:] != [store.region, "s3", "aws4_request"]:
        raise Refused(400, "AuthorizationHeaderMalformed", f"The region is wrong; expecting '{store.region}'.")
    expected = sign(store.secret, scope, string_to_sign(method, target, headers, signed, scope))
    if not hmac.compare_digest(expected, signature):
        raise Refused(403, "SignatureDoesNotMatch", "The signature does not match.")
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch", "The hash is not that of the body.")
