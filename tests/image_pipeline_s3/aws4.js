// aws4.js KEY SECRET: a store on 127.0.0.1 that compares the signature of each request with that of the package aws4.
// Prints its port, and ends with standard input.
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
const crypto = require("crypto");
const http = require("http");
let aws4;
try {
    aws4 = require("aws4");
} catch (error) {
    console.log("the package aws4 is missing");
    process.exit(0);
}
const [accessKeyId, secretAccessKey] = process.argv.slice(2);
const objects = new Map();

// Returns the code of S3 for a request that is refused; otherwise undefined.
function refuse(request, body) {
    const match = /Credential=([^/]+)\/\d+\/([^/]+)\/s3\/aws4_request, *SignedHeaders=([^,]+)/.exec(
        request.headers.authorization || "");
    if (match === null || match[1] !== accessKeyId)
        return "InvalidAccessKeyId";
    const headers = {};
    for (const name of match[3].split(";"))
        headers[name] = request.headers[name];
    const options = {
        service: "s3", region: match[2], method: request.method, path: request.url, headers,
        body: body.length === 0 ? undefined : body, // it adds headers for a body
        extraHeadersToIgnore: headers["content-length"] === undefined ? { "content-length": true } : {},
        extraHeadersToInclude: Object.fromEntries(Object.keys(headers).map((name) => [name, true])),
    };
    aws4.sign(options, { accessKeyId, secretAccessKey });
    const signature = (text) => /Signature=(.*)/.exec(text)[1];
    if (signature(options.headers.Authorization) !== signature(request.headers.authorization))
        return "SignatureDoesNotMatch";
    const digest = crypto.createHash("sha256").update(body).digest("hex");
    return request.headers["x-amz-content-sha256"] === digest ? undefined : "XAmzContentSHA256Mismatch";
}

function send(response, status, body, type) {
    response.writeHead(status, { "Content-Type": type, "Content-Length": body.length });
    response.end(body);
}

function fail(response, status, code) {
    send(response, status, Buffer.from(`<Error><Code>${code}</Code><Message>no</Message></Error>`), "application/xml");
}

function answer(request, response, body) {
    const code = refuse(request, body);
    if (code !== undefined)
        return fail(response, 403, code);
    if (request.method === "PUT") {
        if (request.headers["if-none-match"] === "*" && objects.has(request.url))
            return fail(response, 412, "PreconditionFailed");
        objects.set(request.url, body);
        return send(response, 200, Buffer.alloc(0), "text/plain");
    }
    if (!objects.has(request.url))
        return fail(response, 404, "NoSuchKey");
    return send(response, 200, objects.get(request.url), "image/jpeg");
}

const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => answer(request, response, Buffer.concat(parts)));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit(0));
