from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient

app = FastAPI()


@app.websocket("/chat")
async def chat(socket: WebSocket):
    await socket.accept()
    await socket.send_text("welcome")


client = TestClient(app)
page = {"origin": "https://other.example"}
with client.websocket_connect("/chat", headers=page) as socket:
    print(socket.receive_text())
