import { Component, type ReactNode } from 'react';
import { text } from '../text.ts';
import { Button } from './button.tsx';
import { EmptyState } from './empty-state.tsx';

interface ErrorBoundaryProps {
  /** When it changes the children get another chance: the conversation somebody moved on to, say. */
  readonly resetKey?: string;
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly failed: boolean;
  readonly resetKey: string | undefined;
}

/** Keeps a fault of one part from taking the rest of the page with it. Nothing that was sent is lost by it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { failed: false, resetKey: this.props.resetKey };

  static getDerivedStateFromError(): Partial<ErrorBoundaryState> {
    return { failed: true };
  }

  static getDerivedStateFromProps(props: ErrorBoundaryProps, state: ErrorBoundaryState) {
    return props.resetKey === state.resetKey ? null : { failed: false, resetKey: props.resetKey };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <EmptyState body={text.fault.body} title={text.fault.title}>
        <Button onPress={() => this.setState({ failed: false })}>{text.fault.again}</Button>
        <Button look="quiet" onPress={() => location.reload()}>
          {text.fault.reload}
        </Button>
      </EmptyState>
    );
  }
}
