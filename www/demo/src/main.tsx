import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { registerServiceWorker } from "./environment";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/events.css";
import "./styles/views.css";
import "./styles/player.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
registerServiceWorker();
