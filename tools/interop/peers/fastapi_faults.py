from pprint import pprint

from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

app = FastAPI()


@app.get("/items")
async def items(limit: int) -> list:
    raise HTTPException(404, "no items")


client = TestClient(app)
for target in ("/items", "/items?limit=x", "/items?limit=3"):
    answer = client.get(target)
    print(answer.status_code, answer.headers["content-type"])
    pprint(answer.json(), width=60, sort_dicts=False)
