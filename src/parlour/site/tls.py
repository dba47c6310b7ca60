"""What a proxy asks before it has a certificate made for a name."""

from litestar import Response, get

from parlour.entrance import Hosts, Request, public


@get("/tls/ask", opt=public())
async def ask(request: Request) -> Response[None]:
    """200 for the installation's own name and for those that were shown to be a portal's; 404 for any other."""
    hosts: Hosts = request.app.state["hosts"]
    is_served = await hosts.is_served(request.query_params.get("domain", ""))
    return Response(None, status_code=200 if is_served else 404, headers={"cache-control": "no-store"})


ROUTES = [ask]
