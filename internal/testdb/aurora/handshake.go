package aurora

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
)

var errNoLogin = errors.New("login was refused")

// unfollowed are capabilities that the session could not follow. A client may claim one that was not offered: it is taken from both.
const unfollowed = capCompress | capZstd | capQueryAttrs

// claims takes what the session could not follow out of a client's first packet.
func claims(p packet) (uint32, error) {
	if len(p.payload) < 32 {
		return 0, errMalformed
	}
	flags := binary.LittleEndian.Uint32(p.payload) &^ unfollowed
	binary.LittleEndian.PutUint32(p.payload, flags)
	return flags, nil
}

// greeting changes the server's first packet: Aurora's version, and only what the session can follow.
func (p *Proxy) greeting(b []byte) (changed []byte, flags uint32, err error) {
	end := bytes.IndexByte(b, 0)
	const low, high = 1 + 4 + 8 + 1, 1 + 4 + 8 + 1 + 2 + 1 + 2 // offsets from the version's end
	if end < 0 || len(b) < end+high+2 {
		return nil, 0, errMalformed
	}
	tail := bytes.Clone(b[end:])
	flags = uint32(binary.LittleEndian.Uint16(tail[low:])) | uint32(binary.LittleEndian.Uint16(tail[high:]))<<16
	flags &^= unfollowed
	binary.LittleEndian.PutUint16(tail[low:], uint16(flags&0xffff))
	binary.LittleEndian.PutUint16(tail[high:], uint16(flags>>16))
	return append(append([]byte{b[0]}, p.line.version...), tail...), flags, nil
}

// handshake lets the client log in to the real server. TLS ends here and begins anew, with the same packets on both sides.
func (s *session) handshake(ctx context.Context) error {
	s.in = bufio.NewReader(s.client)
	first, err := readPacket(s.server)
	if err != nil {
		return err
	}
	if first.payload[0] == headerErr {
		return errors.Join(errNoLogin, writePacket(s.client, first))
	}
	changed, offered, err := s.p.greeting(first.payload)
	if err != nil {
		return err
	}
	if err := writePacket(s.client, packet{first.seq, changed}); err != nil {
		return err
	}
	response, err := readPacket(s.in)
	if err != nil {
		return err
	}
	flags, err := claims(response)
	if err != nil {
		return err
	}
	if len(response.payload) == 32 && offered&flags&capSSL != 0 {
		if response, err = s.startTLS(ctx, response); err != nil {
			return err
		}
		if flags, err = claims(response); err != nil {
			return err
		}
	}
	s.flags = offered & flags
	if s.p.secureOnly && !s.secure {
		no := &Error{errSecureChannel, "HY000", "Connections using insecure transport are prohibited while --require_secure_transport=ON."}
		return errors.Join(errNoLogin, writePacket(s.client, no.packet(response.seq+1)))
	}
	return s.login(response)
}

func (s *session) startTLS(ctx context.Context, request packet) (packet, error) {
	if err := writePacket(s.server, request); err != nil {
		return packet{}, err
	}
	server := tls.Client(s.server, &tls.Config{InsecureSkipVerify: true}) // its own, on this machine
	if err := server.HandshakeContext(ctx); err != nil {
		return packet{}, err
	}
	client := tls.Server(&unread{Conn: s.client, r: s.in}, s.p.tls)
	if err := client.HandshakeContext(ctx); err != nil {
		return packet{}, err
	}
	s.server, s.client, s.in, s.secure = server, client, bufio.NewReader(client), true
	return readPacket(s.in)
}

// login passes on what the two say until one has had enough.
func (s *session) login(from packet) error {
	for {
		if err := writePacket(s.server, from); err != nil {
			return err
		}
		for waits := true; waits; {
			answer, err := readPacket(s.server)
			if err != nil || len(answer.payload) == 0 {
				return errors.Join(errMalformed, err)
			}
			if err := writePacket(s.client, answer); err != nil {
				return err
			}
			switch answer.payload[0] {
			case headerOK:
				return nil
			case headerErr:
				return errNoLogin
			}
			waits = bytes.Equal(answer.payload, []byte{1, 3}) // caching_sha2_password knows the password: OK follows
		}
		var err error
		if from, err = readPacket(s.in); err != nil {
			return err
		}
	}
}
