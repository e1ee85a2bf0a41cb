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
