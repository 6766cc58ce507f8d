// Storage behind the network as its administrator states it: a box with disks, the protocol that
// hosts reach them by, and what a host's session with it may do and costs.
//
// Source  iSCSI: open-iscsi's iscsid.conf (queue_depth 32, cmds_max 128), what it agrees on with
//         Linux's target (drivers/target/iscsi/iscsi_target_parameters.h: InitialR2T yes,
//         ImmediateData yes, MaxRecvDataSegmentLength 8192, MaxBurstLength 262144).
//         NFS: Linux's client, 64 slots of a 4.1 session, rsize and wsize of 1 MiB; direct writes
//         that fit one call are FILE_SYNC (fs/nfs/direct.c, FLUSH_COND_STABLE).
//         Fibre Channel: FCP-4, a transfer-ready before any data; queue depth 32 of HBAs.
//         CPU: Linux's network and block layers serve 75,000 requests of 4 KiB a second and core
//         (ReFlex, Klimovic et al., ASPLOS 2017, on cores of 2.3 GHz: 31,000 cycles); the client's
//         part, NFS, Fibre Channel's and the part of a page [recall].
#pragma once

#include <string>

#include "models/storage_description.hpp"
#include "sim/units.hpp"

namespace models {

enum class StorageProtocol { iscsi, nfs, fc };

// Of one host with one server.
struct StorageSession {
  int queue_depth = 32;                // commands of one disk at once
  int commands = 128;                  // of the session
  int connections = 1;                 // threads of the host that work for it
  sim::Bytes max_transfer{512 << 10};  // of a command
  sim::Bytes immediate{8 << 10};       // of a write, that goes with its command
  sim::Bytes burst{256 << 10};         // that the server asks for at once
  sim::Bytes command_header{48};       // of messages to the server
  sim::Bytes answer_header{48};        // of messages from it
  sim::Cycles submit{10'000};          // of the host's thread, a command [recall]
  sim::Cycles complete{12'000};        // receiving the answer, waking who waits [recall]
  sim::Cycles page{1'500};             // each 4 KiB: copying, checksums left to the NIC [recall]
};

struct StorageServer {
  std::string name;
  StorageProtocol protocol = StorageProtocol::iscsi;
  StorageDescription storage;
  sim::BytesPerSecond bandwidth{};  // of its port; zero: as the hosts'; fc: as the link is called
  sim::Duration latency{};          // fc: from adapter to server
  int cores = 4;
  sim::Hertz frequency{2.4e9};
  sim::Cycles request{29'000};  // of a core, a command, beside its pages
  sim::Cycles page{2'000};      // each 4 KiB [recall]
  StorageSession session;
};

// As the protocol has it by default.
inline StorageServer standard_server(StorageProtocol protocol) {
  StorageServer server;
  server.protocol = protocol;
  StorageSession& session = server.session;
  if (protocol == StorageProtocol::nfs) {
    server.request = sim::Cycles{25'000};  // [recall]
    session.queue_depth = session.commands = 64;
    session.max_transfer = session.immediate = session.burst = sim::Bytes{1 << 20};
    session.command_header = sim::Bytes{200};  // RPC, credentials, COMPOUND [recall]
    session.answer_header = sim::Bytes{150};   // [recall]
  }
  if (protocol == StorageProtocol::fc) {
    server.latency = sim::Duration{10'000'000};  // adapter, switch, port: 10 us [recall]
    server.request = sim::Cycles{12'000};        // the controller's firmware [recall]
    server.page = {};                            // DMA
    session.commands = 2'048;                    // exchanges of the adapter [recall]
    session.immediate = {};
    session.burst = session.max_transfer;
    session.command_header = sim::Bytes{68};                 // a frame: 36 B and FCP_CMND's 32
    session.answer_header = sim::Bytes{60};                  // FCP_RSP 24
    session.submit = session.complete = sim::Cycles{4'000};  // the driver [recall]
    session.page = {};
  }
  return server;
}

}  // namespace models
