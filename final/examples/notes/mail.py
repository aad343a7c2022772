"""Mail, written to a file in the mbox format: `mutt -f notes.mbox` reads it.

`Mailer.send` blocks. `BackgroundTasks` call a plain function in a thread, and
only after the response: SMTP in its place would change nothing elsewhere.
"""

from email.generator import BytesGenerator
from email.message import EmailMessage
from threading import Lock

from notes.store import Settings


class Mailer:
    """Sends mail to a file."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.mailbox
        self.lock = Lock()

    def send(self, to: str, subject: str, text: str) -> None:
        """Append one message."""
        # SECURITY: CWE-93: EmailMessage refuses line ends in a header.
        message = EmailMessage()
        message["From"] = "notes@localhost"
        message["To"] = to
        message["Subject"] = subject
        message.set_content(text)
        with self.lock, self.path.open("ab") as file:
            BytesGenerator(file, True).flatten(message, unixfrom=True)
            file.write(b"\n")
