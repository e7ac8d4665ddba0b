"""A certificate authority of the tests' own, and servers' certificates good and bad."""

import datetime as dt
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Issues certificates into a folder. roots: the file that a client must trust."""

    def __init__(self, folder):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("pingadmin test CA")
        certificate = _builder(self._name, self._name, self._key.public_key())
        certificate = certificate.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())))

    def server(self, *, host="127.0.0.1", days=1, self_signed=False) -> ssl.SSLContext:
        """A server's side of TLS. days: how long the certificate is valid, below 0 if expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(host)
        builder = _builder(name, name if self_signed else self._name, key.public_key(), days=days)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alternative(host)]), critical=False
        )
        file = self._folder / f"{host}-{days}-{self_signed}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(
            _pem(builder.sign(key if self_signed else self._key, hashes.SHA256())) + secret
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(subject, issuer, public_key, *, days=1):
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
