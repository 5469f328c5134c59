#include "requests/tree/peer_matching.h"

#include <utility>

namespace culprit::requests {

void match_peer(RequestTree& tree, Endpoint& endpoint, Endpoint* peer, Request& request, uint32_t position) {
  RequestPosition& own = endpoint.positions[endpoint.next_position++ % endpoint.positions.size()];
  own = {position, request.id};
  if (!peer) return;
  request.awaits_caller = request.server;
  request.expects_pair = !request.server;
  const Endpoint& server_end = request.server ? endpoint : *peer;
  if (!server_end.offset_known) return;
  const uint32_t wanted = request.server ? position + server_end.offset : position - server_end.offset;
  // The newest first: in most cases the other half is the latest request.
  for (uint32_t i = 1; i <= peer->positions.size(); ++i) {
    RequestPosition& half = peer->positions[(peer->next_position - i) % peer->positions.size()];
    if (half.request == NodeId::None || half.position != wanted) continue;
    Request* match = tree.find(half.request);
    if (!match || match->server == request.server) return;
    half.request = own.request = NodeId::None;
    request.server ? tree.pair(request, *match) : tree.pair(*match, request);
    return;
  }
}

void infer_stream_offset(RequestTree& tree, Endpoint& server_end, Endpoint* client_end, Request& request) {
  if (!client_end || client_end->open.empty() || !client_end->open.front().in_service) return;
  Request* call = tree.find(client_end->open.front().node);
  if (!call || call->pair != NodeId::None || call->server) return;
  RequestPosition* own = nullptr;
  RequestPosition* callers = nullptr;
  for (RequestPosition& half : server_end.positions)
    if (half.request == request.id) own = &half;
  for (RequestPosition& half : client_end->positions)
    if (half.request == call->id) callers = &half;
  if (!own || !callers) return;
  server_end.offset = callers->position - own->position;
  server_end.offset_known = true;
  own->request = callers->request = NodeId::None;
  tree.pair(request, *call);
}

void match_parts(RequestTree& tree, Request& server, Request& client) {
  if (server.parts.empty() || server.parts.size() != client.parts.size() || server.merged) return;
  for (size_t i = 0; i < server.parts.size(); ++i)
    if (!tree.find(server.parts[i]) || !tree.find(client.parts[i])) return;
  for (size_t i = 0; i < server.parts.size(); ++i) tree.pair(*tree.find(server.parts[i]), *tree.find(client.parts[i]));
  server.merged = true;
}

}  // namespace culprit::requests
