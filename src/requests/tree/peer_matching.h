// Peer matching: finds the other end's half of a request, by where it begins in the stream.
//
// Which of the two comes first is chance: a send's event is made when the call returns, by when the receiver may have
// answered. The half that comes second finds the first.
#pragma once

#include <cstdint>

#include "requests/streams/endpoint.h"
#include "requests/tree/request_tree.h"

namespace culprit::requests {

// `peer`: the other end where it is recorded, else null.
void match_peer(RequestTree& tree, Endpoint& endpoint, Endpoint* peer, Request& request, uint32_t position);

// Where positions do not agree (counted from different moments), the call that the caller's end has open when the answer has
// been sent is this one: the caller sends no other before it has the answer.
void infer_stream_offset(RequestTree& tree, Endpoint& server_end, Endpoint* client_end, Request& request);

// The statements of one pipeline, as both ends saw them: each is the caller's statement of the same number.
void match_parts(RequestTree& tree, Request& server, Request& client);

}  // namespace culprit::requests
