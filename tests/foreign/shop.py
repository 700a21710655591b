"""A small web service that has nothing to do with this repository's server: three operations over
PostgreSQL, under gunicorn, with counters for Prometheus as such services have them."""
import collections
import os
import threading

import psycopg2
from flask import Flask, Response, jsonify, request

ITEMS = 10_000
TAGS = 500

app = Flask(__name__)
local = threading.local()
lock = threading.Lock()
counts = collections.Counter()


def query(sql, values):
    if not hasattr(local, "connection"):
        local.connection = psycopg2.connect(os.environ["SHOP_DATABASE"])
        local.connection.autocommit = True
    with local.connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


@app.get("/items/<int:number>")
def item(number):
    row = query("SELECT id, name, price FROM items WHERE id = %s", [number % ITEMS + 1])[0]
    return jsonify(id=row[0], name=row[1], price=row[2])


@app.get("/tags/<int:number>")
def tag(number):
    rows = query("SELECT id, name, price FROM items WHERE tag = %s ORDER BY price LIMIT 20",
                 [number % TAGS])
    return jsonify(items=[{"id": row[0], "name": row[1], "price": row[2]} for row in rows])


@app.post("/orders")
def order():
    number = int(request.get_json()["item"]) % ITEMS + 1
    row = query("INSERT INTO orders (item, quantity) VALUES (%s, 1) RETURNING id", [number])[0]
    return jsonify(id=row[0]), 201


@app.get("/metrics")
def metrics():
    with lock:
        lines = [f'shop_requests_total{{handler="{name}",code="{code}"}} {count}'
                 for (name, code), count in counts.items()]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@app.after_request
def count(response):
    if request.endpoint != "metrics":
        with lock:
            counts[(request.endpoint, response.status_code)] += 1
    return response
