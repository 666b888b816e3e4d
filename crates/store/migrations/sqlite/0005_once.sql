-- 0005_once: a key names what its request made: a session, or one of its messages.

ALTER TABLE reservations ADD COLUMN message INTEGER NOT NULL DEFAULT 0;
