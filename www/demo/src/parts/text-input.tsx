// A field whose text is taken once typing rests.
import { useEffect, useRef, useState, type ReactElement } from "react";

interface TextInputProps {
  readonly id: string;
  readonly testId: string;
  readonly type?: "search" | "text";
  readonly placeholder: string;
  readonly value: string;
  readonly describedBy?: string;
  readonly onChange: (value: string) => void;
}

const TYPING = 200;

/** Says what was typed once typing rests; Enter says it at once. */
export function TextInput(props: TextInputProps): ReactElement {
  const { id, testId, type = "text", placeholder, value, onChange } = props;
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    setTyped(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      id={id}
      type={type}
      data-testid={testId}
      placeholder={placeholder}
      aria-describedby={props.describedBy}
      autoComplete="off"
      spellCheck={false}
      value={typed}
      onChange={({ target }) => {
        setTyped(target.value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => onChange(target.value), TYPING);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        clearTimeout(timer.current);
        onChange(typed);
      }}
    />
  );
}
