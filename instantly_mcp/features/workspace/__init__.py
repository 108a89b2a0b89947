"""What is known about an Instantly workspace, shared by tools, resources and prompts.

The tools, resources and prompts differ in form; the knowledge they share is here:

- `context`: the API client, clocks and state that all of them use;
- `labels`, `views`: how objects are shown, with words next to Instantly's codes;
- `senders`, `sending_status`: which accounts can send, and why a campaign does not;
- `jobs`, `job_following`, `job_changes`: background jobs, followed to their end;
- `send_once`: idempotent sending of replies;
- `preflight`, `list_scorecard`, `analytics`: checks, grades and rates;
- `fetching`, `threads`: several calls of which some may fail; the mails of a thread;
- `mail_text`, `mail_html`: the text of received mail, and copy made ready to send;
- `dates`, `timezones`, `conversions`: values that people write, for the API.
"""
