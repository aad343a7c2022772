from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float = 1.0


app = FastAPI()


@app.post("/items/{shelf}", status_code=201)
async def create(shelf: int, item: Item, tag: str = "none") -> dict:
    return {"shelf": shelf, "tag": tag, "name": item.name}


client = TestClient(app)
print(client.post("/items/3?tag=a&tag=b", json={"name": "tea"}).json())
