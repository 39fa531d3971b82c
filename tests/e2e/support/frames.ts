/** A frame as a V0 server sends it: the output of a command, as Python would spell it. */
export function frame(id: number, content = `line ${id}`): string {
  const timestamp = new Date(Date.UTC(2025, 0, 1) + id * 1000).toISOString().slice(0, 19);
  return (
    `{"id": ${id}, "timestamp": "${timestamp}", "source": "agent", ` +
    `"message": "Command \`ls\` executed with exit code 0.", "observation": "run", ` +
    `"content": ${JSON.stringify(content)}, ` +
    `"extras": {"command": "ls", "hidden": false, "metadata": {"exit_code": 0}}, "success": true}`
  );
}

export function frames(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => frame(from + index));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
