"""How to post to an endpoint, to be copied. The tests run both examples as they stand here."""

CURL = """\
body='{"tasks": [{"op": "upsert", "id": "bike-1", "title": "Fetch the bike", "priority": 3}]}'
id="msg_$(openssl rand -hex 12)"; at="$(date +%s)"
key="$(printf %s "${OO_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')"
signature="v1,$(printf %s "$id.$at.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)"
curl -sS URL -H "Content-Type: application/json" -H "webhook-id: $id" -H "webhook-timestamp: $at" -H "webhook-signature: $signature" -d "$body"
"""  # noqa: E501 each is a line to be copied

PYTHON = """\
import base64, hmac, json, os, time, urllib.request, uuid
key = base64.b64decode(os.environ["OO_SECRET"].removeprefix("whsec_"))
tasks = [{"op": "upsert", "id": "bike-2", "title": "Oil the chain", "due": "2030-05-01"}]
body = json.dumps({"tasks": tasks}).encode()
id, at = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
digest = hmac.digest(key, f"{id}.{at}.".encode() + body, "sha256")
headers = {"Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": at}
headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
request = urllib.request.Request("URL", body, headers)
print(urllib.request.urlopen(request).read().decode())
"""


def curl_example(url: str) -> str:
    """Shell: sh, openssl and curl. The secret is in the environment."""
    return CURL.replace("URL", url)


def python_example(url: str) -> str:
    """Ten lines of Python, with nothing but its standard library."""
    return PYTHON.replace("URL", url)
