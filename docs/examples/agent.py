"""A stand-in for your agent: answers the newest mail of the inbox, over MCP.

Usage: python agent.py http://127.0.0.1:3000/mcp/sandbox-job-1 (needs: pip install mcp)
"""

import asyncio
import sys

from mcp import Client


async def main(url: str) -> None:
    """Find the newest mail, have the reply previewed, confirm it."""
    async with Client(url) as client:
        found = await client.call_tool("list_emails", {"limit": 1})
        mail = found.structured_content["items"][0]
        reply = {
            "reply_to_uuid": mail["id"],
            "subject": "Re: your question",
            "body": {"text": "Thank you, we will call you tomorrow."},
        }
        preview = await client.call_tool("reply_to_email", reply)
        token = preview.structured_content["error"]["confirm_token"]
        sent = await client.call_tool(
            "reply_to_email", {**reply, "confirm_token": token}
        )
        to = sent.structured_content["to"][0]
        sys.stdout.write(f"replied to {to}\n")


asyncio.run(main(sys.argv[1]))
