/** Asks for a task. Layer: feature. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { NewTaskForm } from "./new-task-form";

/** The page; it leads to the session that the task becomes. */
export function NewTaskPage() {
  const asked = useSearch({ from: "/new" });
  const navigate = useNavigate();
  return (
    <Page title="New task" narrow>
      <NewTaskForm
        asked={asked}
        onSent={({ id }) => void navigate({ to: "/sessions/$sessionId", params: { sessionId: id } })}
      />
    </Page>
  );
}
