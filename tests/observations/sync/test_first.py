import uuid

import pytest
import time_machine

from observations.models import *
from tests.phone import Phone


@pytest.fixture
def phone(client_of, parent, child, now):
    with time_machine.travel(now, tick=False):
        yield Phone(client_of(parent)).start()

def test_all(phone, child, now, parent):
    assert phone.session["keys"]
    print(phone.client.get("/api/v1/sync/kit").json())
    op = phone.write("create", at=now, child=str(child.public_id), tone="in_tune", note="hello")
    print(phone.flush(client_now=now))
    print(phone.send([op], client_now=now))
    m = Observation.objects.get()
    assert m.note == "hello"
    phone.write("update", moment_id=m.public_id, base={"op": op["op_id"]}, note="more")
    phone.write("update", moment_id=m.public_id, base={"rev": 1}, note="other")
    phone.write("update", moment_id=m.public_id, base={"rev": 1}, feelings=["calm"])
    phone.write("draft.put", moment_id=uuid.uuid4(), note="other")
    phone.write("create", note="other")
    phone.write("delete", moment_id=m.public_id)
    phone.write("update", moment_id=m.public_id, base={"rev": 1}, feelings=["calm"])
    for r in phone.flush(client_now=now): print(r)
    print(list(Draft.objects.values_list("kind","field","code")))

def test_feed(phone, child, now, parent, client_of, co_parent):
    other = client_of(co_parent)
    c = phone.client.get("/api/v1/changes/").json(); d = other.get("/api/v1/changes/").json()
    assert c["items"] == [] == d["items"]
    phone.write("create", at=now, child=str(child.public_id), tone="in_tune", note="hello")
    x=phone.write("create", at=now, child=str(child.public_id), tone="in_tune", note="hello", visibility="household")
    print(phone.flush(client_now=now))
    c = phone.client.get("/api/v1/changes/?cursor="+c["next"]).json(); d = other.get("/api/v1/changes/?cursor="+d["next"]).json()
    assert len(c["items"]) == 2 and len(d["items"])==1
    print(d)
    phone.write("update", moment_id=x["moment_id"], base={"rev": 1}, visibility="private")
    phone.flush(client_now=now)
    d = other.get("/api/v1/changes/?cursor="+d["next"]).json(); print(d)
    assert [i["kind"] for i in d["items"]] == ["removed"]
