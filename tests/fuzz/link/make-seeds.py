# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seeds of one fuzz target of this folder: make-seeds.py TARGET FOLDER"""
import os
import struct
import sys

# An RSA key of 1024 bits as a server sends it.
TICKET_KEY = bytes.fromhex(
    '30819f300d06092a864886f70d010101050003818d0030818902818100dcf981b5ad77ba5db4c075ab96d8ef8c62b0c22f42'
    '9e39fae04c6a8ee4cd9ae7b0f868491ee69785554fdf2b6ee493fe05dae58ad56732b87d532725dd9320edace4d5fa999cf9'
    '40a05cc2a682af7ce135d8a3100ddc7e9e3ed8319a2079d6f65fff415d122d733c6ae222e6bd6f5ff1eb66909e079003ce21'
    '6276b1b34c8c610203010001')

# Self-signed: with alternative names of four kinds, and with two common names only.
CERTIFICATES = [bytes.fromhex(
    '308201dc30820182a00302010202146c56bd9a38799b095612a4df7234ed1201eaae9b300a06082a8648ce3d040302302731'
    '11300f060355040a0c0854657374204f72673112301006035504030c096c6f63616c686f73743020170d3236313132323232'
    '333831395a180f32313236313032393232333831395a30273111300f060355040a0c0854657374204f726731123010060355'
    '04030c096c6f63616c686f73743059301306072a8648ce3d020106082a8648ce3d030107034200044d50a397b426adea379d'
    '9b3cea8b04a4ec8668711c76438b2835cd4598d7252bc61c695c148e830da2d35cf6eefd9ffab80818781673e0dcd13e1901'
    'd4f9ea46a38189308186301d0603551d0e04160414d4647ceada77049022ed35c3a775d7a2992e5298301f0603551d230418'
    '30168014d4647ceada77049022ed35c3a775d7a2992e5298300f0603551d130101ff040530030101ff30330603551d11042c'
    '302a82096c6f63616c686f7374820d2a2e6578616d706c652e6f726787047f0000018608687474703a2f2f78300a06082a86'
    '48ce3d0403020348003045022100bc5c9ae6f438abea2c6dbcfb905722e7453b82cd2bd8fe69d77dc6c887fd63520220015d'
    '6b2a3ceba3a6b0aa859d05e8caa3674145231167b55d85b1aeb49df59fe5'), bytes.fromhex(
    '308201d43082017ba003020102021421fc2ef267fe79cc34bfe8d2ec9917ec44b37131300a06082a8648ce3d040302303f31'
    '11300f060355040a0c0854657374204f72673112301006035504030c096c6f63616c686f73743116301406035504030c0d2a'
    '2e6578616d706c652e6f72673020170d3236313132323232333832305a180f32313236313032393232333832305a303f3111'
    '300f060355040a0c0854657374204f72673112301006035504030c096c6f63616c686f73743116301406035504030c0d2a2e'
    '6578616d706c652e6f72673059301306072a8648ce3d020106082a8648ce3d03010703420004003616094cfbd22d288339d3'
    'e8a6047fd828e6bb03ad574fe336351a57127ca512c64f126fbbc17d64b4f3f25fc5ed731f9904661d51751faf1ac7ade449'
    'c12aa3533051301d0603551d0e041604146dbb7c53d8751cac99fc98d2e0cd8f2502d7269d301f0603551d23041830168014'
    '6dbb7c53d8751cac99fc98d2e0cd8f2502d7269d300f0603551d130101ff040530030101ff300a06082a8648ce3d04030203'
    '4700304402201271952244ed4c4c34603457e7eb4dda103a6609303b3a162b164af001b7492402200338fc066ad7546f3bec'
    '3b2d9c8936a4558b61e7cc183bd3e5ae2fa0060c82e8')]


def reply(error=0, common=(0x0b,), channel=(0x6fbf,), size=None, offset=178):
    body = struct.pack('<I', error) + TICKET_KEY + struct.pack('<III', len(common), len(channel), offset)
    body += b''.join(struct.pack('<I', word) for word in (*common, *channel))
    return struct.pack('<4sIII', b'REDQ', 2, 2, len(body) if size is None else size) + body


def link_seeds():
    for chunk in (b'\x00', b'\x01', b'\x30'):
        yield chunk + reply() + struct.pack('<I', 0)
    for start in (b'\x40', b'\x45', b'\x80', b'\xc0'):
        yield start + reply() + struct.pack('<I', 0)
        yield start + reply(common=(0x0a,)) + struct.pack('<I', 0)
        yield start + reply()[:100]
    yield b'\0' + reply(common=(0x05,), channel=())  # SASL and nothing else
    yield b'\0' + reply(common=(0x09,)) + b'REDQ'
    yield b'\0' + reply(error=4)
    yield b'\0' + reply() + struct.pack('<I', 7)
    yield b'\0' + reply() + reply(3)
    yield b'\0' + reply(common=(), channel=(), offset=0) + struct.pack('<I', 0)
    yield b'\0' + reply(common=(0x0d, 1, 2), channel=(1,) * 20)
    yield b'\0' + reply(error=5)
    yield b'\0' + reply(size=0xffffffff)


def subject_seeds():
    for text in ('O=Test Org,CN=localhost', '  O=Test\\, Inc\\\\,CN=x,', 'commonName=a=b', '2.5.4.3=x', 'C=DE, ST=x', 'O=,',
                 '*.example.org\0a.example.org', '*\0localhost', 'a.*.b\0a.c.b', 'localhost\0LOCALHOST',
                 '*.*.*.*.*\0a.b.c.d.e', 'O=\u00fc\u4e2d'):
        yield text.encode()


def mini(type, body):
    return struct.pack('<HI', type, len(body)) + body


def full(serial, type, body, sub_list=0):
    return struct.pack('<QHII', serial, type, len(body), sub_list) + body


def frames_seeds():
    subs = struct.pack('<HII', 2, 10, 17) + mini(5, b'a') + mini(6, b'bc')
    yield b'\x01\x00' + mini(101, b'abc') + mini(102, b'') + mini(8, subs) + mini(4, b'\0' * 300)
    yield b'\x01\x07' + mini(8, subs) * 3 + mini(1, b'')
    yield b'\x00\x03' + full(7, 101, b'abc') + full(9, 102, b'x' + subs[:2] + subs[2:], 1) + full(10, 8, subs)
    yield b'\x01\x40' + mini(104, b'y' * 70000) + mini(105, b'z')


def sasl_seeds():
    for text in (b',SCRAM-SHA-256,SCRAM-SHA-1,PLAIN,DIGEST-MD5,', b'DIGEST-MD5', b'PLAIN LOGIN', b'A' * 301, b'X'):
        for way in (0, 4):
            yield bytes([way, 0]) + text
    challenge = b'nonce="AAA",realm="host",qop="auth,auth-int,auth-conf",cipher="rc4,3des",maxbuf=8192,charset=utf-8,' \
        b'algorithm=md5-sess\0'
    for way in (1, 2, 5, 6, 9, 13):
        yield bytes([way, 0]) + struct.pack('<I', len(challenge)) + challenge + b'\0'
        yield bytes([way, 1]) + struct.pack('<I', 0) + b'\0' + struct.pack('<I', 0) + b'\1'
        yield bytes([way, 9]) + struct.pack('<I', 10) + b'rspauth=0\0\1' + struct.pack('<I', 0)
    for way in (0x10, 0x30, 0x14):
        for step in (0, 1, 7):
            yield bytes([way, step]) + struct.pack('>I', 20) + b'twenty bytes of this'
    for size in (0, 20, 4096, 0xffffffff):
        yield bytes([3, 0]) + struct.pack('>I', size) + b'x' * min(size, 64)


def proxy_seeds():
    for start in (b'\0', b'\1', b'\2'):
        yield start + b'HTTP/1.0 200 OK\r\n\r\nREDQ'
        yield start + b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n'
        yield start + b'HTTP/1.1 403\n\n'
        yield start + b'HTTP/1.1 502 Bad Gateway\r\nA: b\r\n\r\n\r\n'
        yield start + b'HTTP/1.1 200 ' + b'x' * 100 + b'\r\nA\r\n\r\n'


SEEDS = {
    'certificate': lambda: CERTIFICATES,
    'frames': frames_seeds,
    'link': link_seeds,
    'proxy': proxy_seeds,
    'sasl': sasl_seeds,
    'subject': subject_seeds,
}

target, folder = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
for number, seed in enumerate(SEEDS[target]()):
    with open(os.path.join(folder, str(number)), 'wb') as out:
        out.write(seed)
