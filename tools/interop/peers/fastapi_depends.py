from threading import current_thread

from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from starlette.responses import Response


class Told(Response):
    async def __call__(self, scope, receive, send):
        await super().__call__(scope, receive, send)
        print("the answer is sent")


def get_session():
    threads.append(current_thread())
    yield "session"
    print("the session is closed")


threads = []
app = FastAPI()


@app.get("/")
async def home(session: str = Depends(get_session)):
    same = current_thread() in threads
    print("handler and dependency in one thread:", same)
    return Told("done")


TestClient(app).get("/")
