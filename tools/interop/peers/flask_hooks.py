from flask import Flask, g

app = Flask(__name__)


@app.before_request
def open_session():
    g.session = "a session"
    print("open")


@app.after_request
def stamp(response):
    response.headers["X-Stamp"] = "1"
    return response


@app.teardown_request
def close_session(error):
    print("close:", error)


@app.errorhandler(LookupError)
def missing(error):
    return {"missing": str(error)}, 404


@app.get("/")
def home():
    print("handler:", g.session)
    raise LookupError("tea")


answer = app.test_client().get("/")
print(answer.status_code, answer.headers["X-Stamp"], answer.json)
