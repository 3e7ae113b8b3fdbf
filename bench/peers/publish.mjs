// SPDX-License-Identifier: Apache-2.0
// What posts to servers that have no HTTP for it: POST /publish/NAME hands the body to `publish` and answers 202.
import { createServer } from "node:http";

export function publisher(publish) {
  return createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      await publish(request.url.split("/")[2], Buffer.concat(parts));
      response.writeHead(202, { "Content-Length": 0 }).end();
    });
  });
}
