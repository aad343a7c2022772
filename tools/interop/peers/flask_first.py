from flask import Blueprint, Flask, abort, request

shop = Blueprint("shop", __name__, url_prefix="/shop")


@shop.get("/items/<int:item_id>")
def show(item_id):
    tag = request.args.get("tag", "none")
    return {"item_id": item_id, "tag": tag}


@shop.post("/items")
def create():
    name = request.get_json()["name"]
    return {"name": name}, 201, {"X-Stock": "1"}


@shop.get("/sold")
def sold():
    abort(410, "sold out")


@shop.get("/")
def index():
    return "welcome"


app = Flask(__name__)
app.register_blueprint(shop)
client = app.test_client()
print(client.get("/shop/items/3?tag=a&tag=b").json)
answer = client.post("/shop/items", json={"name": "tea"})
print(answer.status_code, answer.headers["X-Stock"], answer.json)
print(client.post("/shop/items", json={}).status_code)
for target in ("/shop/sold", "/shop/", "/shop"):
    answer = client.get(target)
    print(target, answer.status_code, answer.content_type)
