"use strict";
// htmx may have looked through the page before its part for server-sent events was there.
setTimeout(() => {
  for (const one of document.querySelectorAll("[hx-sse\\:connect]:not([data-htmx-powered])")) {
    htmx.process(one);
  }
}, 100);
// What makes sense only as long as something is under way.
document.addEventListener("done", () => {
  for (const one of document.querySelectorAll("[data-until-done]")) one.hidden = true;
});
