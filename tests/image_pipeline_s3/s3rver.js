// s3rver.js DIRECTORY BUCKET: the package @20minutes/s3rver on 127.0.0.1. Prints its port, and ends with standard input.
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
let S3rver;
try {
    S3rver = require("@20minutes/s3rver");
} catch (error) {
    console.log("the package @20minutes/s3rver is missing");
    process.exit(0);
}
const [directory, bucket] = process.argv.slice(2);
const server = new S3rver({
    address: "127.0.0.1", port: 0, directory, silent: true, configureBuckets: [{ name: bucket }], vhostBuckets: false,
});
server.run().then((address) => console.log(address.port), (error) => {
    console.log(`s3rver does not start: ${error.message}`);
    process.exit(0);
});
process.stdin.resume().on("end", () => process.exit(0));
