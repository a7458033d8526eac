"""check.py WEIR-THUMBS PHOTOS WORK: thumbnails in buckets of S3 stores.

PHOTOS is a folder of pictures. NODE_PATH may have the packages @20minutes/s3rver and aws4.

Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
"""
import contextlib
import datetime
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse

import sigv4
import store as stores

THUMBS, PHOTOS, WORK = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
HERE = pathlib.Path(__file__).parent
ODD = ["so n\u00e4h #1 100%.jpg", "a+b&c=d;e@f!.jpg", "quote's (1)*.jpg", "tilde~_-.jpg", "plus+and%2fpercent.jpg"]
SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def expect(condition, what):
    if not condition:
        sys.exit(f"FAIL: {what}")


class Run:
    """A run of weir-thumbs; checks that no secret is in what it writes."""

    def __init__(self, *arguments, environment, expected=0):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        clean.update({"HOME": str(WORK)} | environment)
        report = WORK / "report"
        done = subprocess.run([THUMBS, *map(str, arguments), "--report", report], env=clean, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)
        self.out, self.err = done.stdout, done.stderr
        written = self.out + self.err + (report.read_text() if report.exists() else "")
        for name in SECRETS:
            expect(name not in environment or environment[name] not in written, f"{name} is in the messages: {written}")
        expect(done.returncode == expected, f"exit status {done.returncode}, not {expected}: {self.err}{self.out}")

    def figure(self, name):
        return int(next(line for line in self.out.splitlines() if line.startswith(name + " ")).split()[len(name.split())])


def make_folder(name, names):
    """Each picture is another one, and has one of the names."""
    folder = WORK / name
    folder.mkdir()
    for number, photo in enumerate(sorted(PHOTOS.iterdir())[:len(names)]):
        shutil.copy(photo, folder / names[number])
    return folder


@contextlib.contextmanager
def serving(**options):
    server = stores.Server(stores.Store(**options))
    try:
        yield server, server.store
    finally:
        server.shutdown()
        server.server_close()


# ---- the verifier itself ----

def signed(store, method="PUT", target="/thumbs/a%2Bb.jpg", body=b"body", now=None, **changes):
    """Returns the parts of a request that is signed rightly, but for the changes after that."""
    now = now or store.now()
    date = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date[:8]}/{store.region}/s3/aws4_request"
    headers = {"host": "127.0.0.1:80", "content-type": "image/jpeg", "x-amz-date": date,
               "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    names = sorted(headers)
    text = sigv4.string_to_sign(method, changes.get("signed_target", target), headers, names, scope)
    if "signed_target" in changes:  # a client that encodes the key in another way
        text = text.rsplit("\n", 1)[0] + "\n" + hashlib.sha256("\n".join(
            [method, changes["signed_target"], ""] + [f"{name}:{headers[name]}" for name in names] +
            ["", ";".join(names), headers["x-amz-content-sha256"]]).encode()).hexdigest()
    signature = sigv4.sign(changes.get("secret", store.secret), scope, text)
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={changes.get('key', store.key)}/{scope}, "
                                f"SignedHeaders={';'.join(names)}, Signature={signature}")
    headers.update(changes.get("headers", {}))
    return method, target, headers, changes.get("body", body)


def code_of(store, request):
    try:
        sigv4.verify(store, *request, store.now())
    except sigv4.Refused as refused:
        return refused.code
    return "OK"


def check_verifier():
    store = stores.Store()
    cases = {
        "OK": signed(store),
        "InvalidAccessKeyId": signed(store, key="AKIDOTHER"),
        "XAmzContentSHA256Mismatch": signed(store, body=b"another body of it")[:3] + (b"else",),
        "RequestTimeTooSkewed": signed(store, now=store.now() - datetime.timedelta(minutes=16)),
        "InvalidToken": signed(store, headers={"x-amz-security-token": "token"}),
        "AccessDenied": signed(store, headers={"x-amz-storage-class": "STANDARD"}),
    }
    for code, request in cases.items():
        expect(code_of(store, request) == code, f"the verifier says {code_of(store, request)}, not {code}")
    for wrong in (signed(store, secret="other"), signed(store, headers={"content-type": "image/png"}),
                  signed(store, signed_target="/thumbs/a+b.jpg"), signed(store, signed_target="/thumbs/a%2bb.jpg"),
                  ("GET",) + signed(store)[1:]):
        expect(code_of(store, wrong) == "SignatureDoesNotMatch", f"the verifier says {code_of(store, wrong)}")


def check_examples():
    """Amazon's examples: GET of an object with a range, and PUT of one, in examplebucket on 2013-05-24."""
    store = stores.Store(region="us-east-1")
    store.key, store.secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    credential = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
    common = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z"}
    now = datetime.datetime(2013, 5, 24)
    sigv4.verify(store, "GET", "/test.txt", common | {
        "range": "bytes=0-9", "x-amz-content-sha256": sigv4.EMPTY,
        "authorization": credential + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"}, b"", now)
    sigv4.verify(store, "PUT", "/test%24file.text", common | {
        "date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        "authorization": credential + "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,"
        "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"}, b"Welcome to Amazon S3.", now)


# ---- weir-thumbs ----

def check_uploads():
    folder, local = make_folder("odd", ODD), WORK / "local"
    Run("--from", folder, "--to", local, environment={})
    for token in (None, "t/o+k=en" * 100):
        with serving(token=token) as (server, store):
            arguments = ("--from", folder, "--to", "s3://thumbs/pre fix/a+b/", "--s3-endpoint", server.url + "/")
            run = Run(*arguments, environment=store.environment())
            expect(run.figure("done") == len(ODD), run.out)
            expected = {f"pre fix/a+b/{name}".encode(): ("image/jpeg", (local / name).read_bytes()) for name in ODD}
            expect(store.objects == expected, f"the objects are {sorted(store.objects)}")
            run = Run(*arguments, "--skip-existing", environment=store.environment())
            expect(run.figure("skipped") == len(ODD), run.out)
            expect(store.count("PUT", 200) == len(ODD), "an existing thumbnail was uploaded")
            run = Run(*arguments, environment=store.environment())  # replaces its own
            expect(run.figure("done") == len(ODD), run.out)
            expect(store.count("PUT", 200) == 2 * len(ODD), "no thumbnail was replaced")
            key = b"pre fix/a+b/tilde~_-.jpg"
            store.objects[key] = ("text/plain", b"precious")
            run = Run(*arguments, environment=store.environment(), expected=1)
            expect(run.figure("failed") == 1 and store.objects[key][1] == b"precious", "a foreign object was replaced")
            Run(*arguments, "--overwrite", environment=store.environment())
            expect(store.objects == expected, "--overwrite replaces no object")
            store.objects.clear()
            store.knows_conditions = False
            Run(*arguments, environment=store.environment())
            expect(store.objects == expected, "a store without conditions has other objects")


def check_retries():
    """A request that is sent again is signed again. Three statuses ask for that; only a store means it by 409 and 400."""
    for refused in ((503, "SlowDown", "Please reduce your request rate."),
                    (409, "ConditionalRequestConflict", "A conflicting operation occurred."),
                    (400, "RequestTimeout", "Your socket connection to the server was not read from in time.")):
        check_retry(refused)


def check_retry(refused):
    with serving() as (server, store):
        answer, failed = stores.Handler.answer, set()

        def fail_once(handler, *arguments):
            if handler.path not in failed:
                failed.add(handler.path)
                raise sigv4.Refused(*refused)
            return answer(handler, *arguments)

        stores.Handler.answer = fail_once
        run = Run("--from", WORK / "odd", "--to", "s3://thumbs", "--s3-endpoint", server.url,
                  environment=store.environment())
        stores.Handler.answer = answer
        expect(run.figure("retried") == len(ODD), run.out)
        expect(set(store.objects) == {name.encode() for name in ODD}, f"the objects are {sorted(store.objects)}")


def check_odd_names():
    """Names that a store does not accept, one behind the other, do not end the run; an expired token does."""
    odd = {f"{number}.jpg" for number in range(4)}
    folder = make_folder("names", sorted(odd) + ["z.jpg"])
    arguments = ("--from", folder, "--to", "s3://thumbs", "--downloads", "1", "--resizes", "1", "--uploads", "1")
    for code, names, status in (("KeyTooLongError", odd, 1), ("InvalidURI", odd, 1), ("ExpiredTokens", odd, 1),
                                ("ExpiredToken", odd, 3)):
        with serving() as (server, store):
            answer = stores.Handler.answer

            def refuse(handler, store, key, body):
                if key.decode() in names:
                    raise sigv4.Refused(400, code, "It is refused.")
                return answer(handler, store, key, body)

            stores.Handler.answer = refuse
            run = Run(*arguments, "--s3-endpoint", server.url, environment=store.environment(), expected=status)
            stores.Handler.answer = answer
            expect(f"HTTP status 400: {code}: It is" in run.err, run.err)
            expect(status == 3 or run.figure("failed") == len(odd) and run.figure("done") == 1, run.out)


def check_refusals():
    folder = make_folder("some", [f"{number}.jpg" for number in range(5)])
    with serving() as (server, store):
        def fails(reason, expected=3, to="s3://thumbs/x", **changes):
            run = Run("--from", folder, "--to", to, "--s3-endpoint", server.url, expected=expected,
                      environment=store.environment() | changes)
            expect(reason in run.err, f"'{reason}' is not in {run.err}")

        fails("HTTP status 403: SignatureDoesNotMatch: The signature", AWS_SECRET_ACCESS_KEY="wrong-secret")
        fails("HTTP status 403: InvalidAccessKeyId: The key", AWS_ACCESS_KEY_ID="AKIDWRONG")
        fails("HTTP status 403: InvalidToken: ", AWS_SESSION_TOKEN="stale-token")
        fails("HTTP status 404: NoSuchBucket: The specified", to="s3://other/x")
        fails("AuthorizationHeaderMalformed: The region is wrong; expecting 'eu-west-9'", AWS_REGION="mars-1")
        store.is_read_only = True
        fails("HTTP status 403: AccessDenied: Access Denied")
        store.is_read_only = False
        for minutes in (-20, 20):
            store.skew = datetime.timedelta(minutes=minutes)
            fails("HTTP status 403: RequestTimeTooSkewed: ")
        expect(not store.objects, f"the objects are {sorted(store.objects)}")


def check_credentials_file():
    (WORK / ".aws").mkdir()
    with serving(token="token-of-a-session") as (server, store):
        (WORK / ".aws" / "credentials").write_text(
            "# comment\n[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key=other\n\n"
            f"[ thumbs ]\n  aws_access_key_id={store.key}\r\naws_secret_access_key = {store.secret} \n"
            f"aws_session_token = {store.token}\nregion = mars-1\n[last]\naws_session_token = wrong\n")
        arguments = ("--from", WORK / "some", "--to", "s3://thumbs", "--s3-endpoint", server.url, "--s3-region",
                     store.region)
        Run(*arguments, environment={"AWS_PROFILE": "thumbs"})
        expect(len(store.objects) == 5, f"the objects are {sorted(store.objects)}")
        run = Run(*arguments, environment={}, expected=3)
        expect("InvalidAccessKeyId" in run.err, run.err)
        run = Run(*arguments, environment={"AWS_PROFILE": "none"}, expected=1)
        expect("weir-thumbs: no credentials for S3: set AWS_ACCESS_KEY_ID and" in run.err, run.err)
        Run(*arguments, "--overwrite", environment={
            "AWS_PROFILE": "thumbs", "AWS_SHARED_CREDENTIALS_FILE": str(WORK / ".aws" / "credentials"), "HOME": "/"})
        run = Run(*arguments, environment=store.environment() | {"AWS_SESSION_TOKEN": "a\r\nX-Evil: 1"}, expected=1)
        expect("cannot be sent" in run.err, run.err)


def check_usage():
    environment = stores.Store().environment()
    for arguments, message in (
            (("--to", "s3://"), "--to: 's3://' is not s3://BUCKET/PREFIX"),
            (("--to", "s3://-a/b"), "--to: 's3://-a/b' is not s3://BUCKET/PREFIX"),
            (("--to", "s3://a?b"), "--to: 's3://a?b' is not s3://BUCKET/PREFIX"),
            (("--to", "s3://a", "--s3-endpoint", "ftp://x"), "--s3-endpoint: the URL must be an http or https one"),
            (("--to", "s3://a", "--s3-endpoint", "http://k:s/s@x"), "without user, query and fragment"),
            (("--to", "s3://a", "--s3-endpoint", "k:s/s@x"), "without user, query and fragment"),
            (("--to", "s3://a", "--s3-region", "a/b"), "--s3-region: 'a/b' is not a region, such as eu-central-1"),
            (("--to", "x", "--s3-region", "a"), "--s3-endpoint and --s3-region need --to s3://BUCKET/PREFIX")):
        run = Run("--from", PHOTOS, *arguments, environment=environment, expected=2)
        expect(message in run.err, f"'{message}' is not in {run.err}")
        expect("k:s" not in run.err and "/s@" not in run.err, f"a password is in {run.err}")


def check_amazon():
    """The host of a bucket on Amazon's store, as a proxy is asked for it. None is reached."""
    with serving() as (server, store):
        for bucket, asked in (("my-thumbs", "my-thumbs.s3.eu-west-9.amazonaws.com:443"),
                              ("my.thumbs", "s3.eu-west-9.amazonaws.com:443")):
            Run("--from", WORK / "some", "--to", f"s3://{bucket}/x", "--retries", "0", expected=1,
                environment=store.environment() | {"https_proxy": server.url})
            expect(("CONNECT", asked) in {entry[:2] for entry in store.log}, f"the proxy was asked for {store.log}")


def serve_connect(handler):
    handler.server.store.log.append(("CONNECT", handler.path, 403, "-"))
    handler.close_connection = True
    handler.send_error(403)


stores.Handler.do_CONNECT = serve_connect


# ---- the packages of npm ----

@contextlib.contextmanager
def node(script, *arguments):
    """Yields the port of the server, or None if it cannot run."""
    program = shutil.which("node")
    process = program and subprocess.Popen([program, HERE / script, *map(str, arguments)], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline().strip() if process else "node is missing"
    try:
        if not line.isdigit():
            print(f"SKIPPED: no check against {script}: {line}")
            expect(not os.environ.get("WEIR_NEED_NODE"), "node and its packages are required here")
        yield int(line) if line.isdigit() else None
    finally:
        if process:
            process.stdin.close()
            process.stdout.close()
            process.wait(30)


def check_s3rver():
    directory = WORK / "s3rver"
    with node("s3rver.js", directory, "thumbs") as port:
        if port is None:
            return
        environment = {"AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER"}
        arguments = ("--from", WORK / "odd", "--to", "s3://thumbs/pre", "--s3-endpoint", f"http://127.0.0.1:{port}")
        run = Run(*arguments, environment=environment)
        expect(run.figure("done") == len(ODD), run.out)
        run = Run(*arguments, "--skip-existing", environment=environment)
        expect(run.figure("skipped") == len(ODD), run.out)
        # The key is the secret here, and a server may name the key. Neither is in the message.
        run = Run(*arguments, environment=environment | {"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, expected=3)
        expect("HTTP status 403: SignatureDoesNotMatch" in run.err, run.err)
        print("s3rver: checked")


def check_aws4():
    store = stores.Store()
    with node("aws4.js", store.key, store.secret) as port:
        if port is None:
            return
        arguments = ("--from", WORK / "odd", "--to", "s3://thumbs/pre fix", "--s3-endpoint", f"http://127.0.0.1:{port}")
        run = Run(*arguments, environment=store.environment())
        expect(run.figure("done") == len(ODD), run.out)
        run = Run(*arguments, "--skip-existing", environment=store.environment())
        expect(run.figure("skipped") == len(ODD), run.out)
        run = Run(*arguments, environment=store.environment() | {"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, expected=3)
        expect("HTTP status 403: SignatureDoesNotMatch" in run.err, run.err)
        print("aws4: checked")


for check in (check_verifier, check_examples, check_uploads, check_retries, check_odd_names, check_refusals,
              check_credentials_file, check_usage, check_amazon, check_s3rver, check_aws4):
    check()
