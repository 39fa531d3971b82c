import { Component, type ReactNode } from "react";
import { reason } from "../format";
import { routeTo } from "../route";

/** Says what went wrong where a part of the page can't be shown, and offers the way out. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error: error ?? new Error("unknown") };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div className="empty" role="alert" data-testid="failure">
        <h2>This can’t be shown</h2>
        <p>{reason(error)}</p>
        <p className="row">
          <button type="button" className="button" onClick={() => window.location.reload()}>
            Reload
          </button>
          <a className="button" href={routeTo()}>
            All conversations
          </a>
        </p>
      </div>
    );
  }
}
