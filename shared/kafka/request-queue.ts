/**
 * For its effect: kafkajs 2.2.4 looks every millisecond for requests that it held back, whether there are any or not, by a timer of
 * negative length that Node warns of. From here on its queues look only where there are some.
 */
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

const look = RequestQueue.prototype.scheduleCheckPendingRequests;

RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleIfPending(this: RequestQueue): void {
  if (this.pending.length > 0) look.call(this);
};
