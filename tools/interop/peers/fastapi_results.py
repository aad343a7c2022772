from fastapi import FastAPI
from fastapi.testclient import TestClient

app = FastAPI()


@app.get("/tuple")
async def as_tuple():
    return 201, {"id": 3}


@app.get("/none")
async def none():
    return None


@app.get("/text")
async def text():
    return "tea"


client = TestClient(app)
for target in ("/tuple", "/none", "/text", "/text/"):
    answer = client.get(target, follow_redirects=False)
    kind = answer.headers.get("content-type")
    print(target, answer.status_code, kind, answer.text)
