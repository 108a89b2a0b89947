"""What is known about an Instantly workspace, shared by tools, resources and prompts.

The tools, resources and prompts differ in form; the knowledge they share is here:

- `context`: the API client, clocks and state that all of them use;
- `memory`: what is remembered between calls: names, mails sent, jobs as last seen;
- `labels`, `views`: how objects are shown, with words next to Instantly's codes;
- `campaigns`: steps, copy and schedule, and why a campaign does not send;
- `mail`: addresses, the text of received mail, copy made ready to send, threads;
- `senders`, `jobs`, `job_following`: accounts that can send; background jobs;
- `preflight`, `list_scorecard`, `analytics`: checks, grades and rates;
- `paging`, `fetching`, `reply_values`: reading pages, several calls, and replies;
- `names`, `dates`, `timezones`, `conversions`: values that people write, for the API.
"""
