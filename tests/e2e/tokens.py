# SPDX-License-Identifier: Apache-2.0
"""Tokens made without the server's help: HS256 here, the others by the openssl command."""
import base64
import hashlib
import hmac
import json
import subprocess
import time

SECRET = "e2e-secret-of-more-than-thirty-two-bytes"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(sub, ttl_s=3600, **more):
    now = int(time.time())
    return {"sub": sub, "iat": now, "exp": now + ttl_s, **more}


def signing_input(header, claims):
    return b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())


def hs256(claims, *, secret=SECRET, header=None):
    text = signing_input({"alg": "HS256", "typ": "JWT", **(header or {})}, claims)
    return text + "." + b64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def token(sub="ann", **more):
    """A good token; `ttl_s`, `name`, `roles`, `streams` and any other claim."""
    return hs256(claims_of(sub, **more))


def openssl(*args, stdin=None):
    return subprocess.run(["openssl", *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True).stdout


class Key:
    """A key pair in `folder`, its JWK, and tokens signed with it."""

    MAKE = {
        "RS256": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        "ES256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "EdDSA": ("-algorithm", "ED25519"),
    }

    def __init__(self, folder, alg, kid):
        self.alg, self.kid, self.folder = alg, kid, folder
        self.path = folder / f"{kid}.pem"
        openssl("genpkey", *self.MAKE[alg], "-out", str(self.path))

    def jwk(self):
        der = openssl("pkey", "-in", str(self.path), "-pubout", "-outform", "DER")
        if self.alg == "EdDSA":
            return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": b64(der[-32:])}
        if self.alg == "ES256":
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "x": b64(der[-64:-32]), "y": b64(der[-32:])}
        text = openssl("rsa", "-in", str(self.path), "-noout", "-modulus").decode()
        return {"kty": "RSA", "kid": self.kid, "n": b64(bytes.fromhex(text.strip().split("=")[1])), "e": "AQAB"}

    def token(self, claims, header=None):
        text = signing_input({"alg": self.alg, "kid": self.kid, **(header or {})}, claims)
        return text + "." + b64(self.sign(text.encode()))

    def sign(self, data):
        if self.alg == "EdDSA":
            path = self.folder / "signed"
            path.write_bytes(data)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.path), "-in", str(path))
        signature = openssl("dgst", "-sha256", "-sign", str(self.path), stdin=data)
        return signature if self.alg == "RS256" else raw_of_der(signature)


def raw_of_der(der):
    """SEQUENCE { INTEGER r, INTEGER s } as r and s of 32 bytes each."""
    at, numbers = 2, []
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2 : at + 2 + length], "big"))
        at += 2 + length
    return b"".join(number.to_bytes(32, "big") for number in numbers)
