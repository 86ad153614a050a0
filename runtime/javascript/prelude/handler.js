// The microservice's life: `open` takes its module once, `dispatch` answers one request with its handler.
import { inspect } from "./console.js";
import { forgetRandomState } from "./crypto.js";
import { define, host } from "./host.js";
import { Request, Response, sendResponse } from "./message.js";

const HOST_HEADER = /^[a-z0-9.-]+(:\d{1,5})?$/;

let handler;

function queueMicrotask(callback) {
  if (typeof callback !== "function") throw new TypeError("queueMicrotask takes a function");
  Promise.resolve()
    .then(callback)
    .catch((error) => host.log(`error: ${inspect(error)}`));
}

/** @throws TypeError where the module has no handler */
function open(namespace) {
  handler = namespace.default;
  if (typeof handler?.fetch !== "function") {
    throw new TypeError("The default export has no fetch(request) method");
  }
  forgetRandomState();
}

function dispatch(headText) {
  const [method, path, pairs] = JSON.parse(headText);
  const url = `http://${pairs.length === 0 ? "localhost" : hostOf(pairs)}${path}`;
  try {
    const answer = handler.fetch(Request.received(method, url, pairs));
    if (answer instanceof Response) sendResponse(answer);
    else Promise.resolve(answer).then(send, fail);
  } catch (error) {
    fail(error);
  }
}

function hostOf(pairs) {
  const named = pairs.find(([key]) => key === "host");
  return named && HOST_HEADER.test(named[1]) ? named[1] : "localhost";
}

/** Catches for itself: another promise for that would cost every call. */
function send(response) {
  try {
    if (response instanceof Response) sendResponse(response);
    else fail(new TypeError(`fetch(request) must answer with a Response, not ${inspect(response)}`));
  } catch (error) {
    fail(error);
  }
}

function fail(error) {
  host.fail(inspect(error));
}

define("queueMicrotask", queueMicrotask);
define("self", globalThis);
host.install(open, dispatch);
