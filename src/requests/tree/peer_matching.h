// Peer matching: finds the peer's half of a request by its position in the stream.
//
// The halves arrive in either order: the event of a send is made when the call returns, and the receiver may have
// answered before that. The half that arrives second finds the first.
#pragma once

#include <cstdint>

#include "requests/streams/endpoint.h"
#include "requests/tree/request_tree.h"

namespace culprit::requests {

// Matches a request with its half at `peer`, the other end of the connection. `peer` is null if it is not recorded.
void match_peer(RequestTree& tree, Endpoint& endpoint, Endpoint* peer, Request& request, uint32_t position);

// Infers the offset between the positions of both ends when they count from different bytes. When the server's answer
// has been sent, the caller's open call is the other half: the caller sends no other request before this answer.
void infer_stream_offset(RequestTree& tree, Endpoint& server_end, Endpoint* client_end, Request& request);

// Pairs the statements of one pipeline: the nth statement of the server is the nth statement of the caller.
void match_parts(RequestTree& tree, Request& server, Request& client);

}  // namespace culprit::requests
