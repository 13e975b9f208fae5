package replica

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// Place is where in a server's binary log a copy was taken.
type Place struct {
	Of       string    `json:"of"`   // what tells it: "copy 1a2b... of old:3306"
	UUID     string    `json:"-"`    // of the server; empty where it has none or it is not known
	ServerID uint64    `json:"-"`    // of the server; 0 where it is not known
	Address  string    `json:"-"`    // of a replica's own source; empty else
	File     string    `json:"file"` // empty where only GTIDs are known
	Position uint64    `json:"position"`
	GTIDSet  string    `json:"gtid_set,omitempty"` // MySQL's executed set, or MariaDB's gtid_binlog_pos
	Taken    time.Time `json:"taken,omitzero"`
	Loaded   time.Time `json:"-"` // when the copy ended; zero of a dump
	Given    bool      `json:"-"` // by the user
}

func (p Place) String() string {
	s := ""
	if p.File != "" {
		s = fmt.Sprintf("%s:%d", p.File, p.Position)
	}
	if p.GTIDSet != "" && s != "" {
		s += ", "
	}
	if p.GTIDSet != "" {
		s += "GTID " + p.GTIDSet
	}
	return s
}

// PlacesOf returns the places that a dump tells: in the log of the server that was dumped, and in that of its own source if it was a replica.
func PlacesOf(m *dump.Manifest) ([]Place, error) {
	s := &m.Snapshot
	of := fmt.Sprintf("dump %s", m.ID)
	if s.Coordinates.State != dump.Recorded && s.Source == nil {
		return nil, fmt.Errorf("%w: %s has no place in a binary log: %s", ErrRefused, of, s.Coordinates.String())
	}
	var out []Place
	if s.Coordinates.State == dump.Recorded {
		out = append(out, Place{Of: of, UUID: m.Server.UUID, ServerID: m.Server.ServerID, File: s.Coordinates.File, Position: s.Coordinates.Position, GTIDSet: s.Coordinates.GTIDSet, Taken: m.Started})
	}
	if p := s.Source; p != nil && p.File != "" {
		out = append(out, Place{Of: of, Address: fmt.Sprintf("%s:%d", p.Host, p.Port), File: p.File, Position: p.Position, GTIDSet: p.GTIDSet, Taken: m.Started})
	}
	return out, nil
}

// ParsePlace reads FILE:POSITION or a GTID set.
func ParsePlace(s string) (Place, error) {
	p := Place{Of: "the place that was given", Given: true}
	if i := strings.LastIndexByte(s, ':'); i > 0 && strings.Contains(s[:i], ".") && !strings.Contains(s[:i], ":") {
		n, err := strconv.ParseUint(s[i+1:], 10, 64)
		if err != nil || n < 4 {
			return p, fmt.Errorf("%q is no FILE:POSITION: the position is a number from 4 on", s)
		}
		p.File, p.Position = s[:i], n
		return p, nil
	}
	if !strings.ContainsAny(s, ":-") {
		return p, fmt.Errorf("%q is neither FILE:POSITION nor a GTID set", s)
	}
	p.GTIDSet = strings.Join(strings.Fields(s), "")
	return p, nil
}

// copiesTable is the loader's: a row for each finished copy.
const copiesTable = "`gomove`.`copies`"

// copiedPlaces reads where the last finished copy was taken.
func copiedPlaces(ctx context.Context, target *mysql.Server) ([]Place, error) {
	rows, err := mysql.QueryNamed(ctx, target.DB(), "SELECT id, source, source_uuid, source_server_id, coordinates, binlog_file, binlog_position, gtid_set,"+
		" primary_host, primary_port, primary_binlog_file, primary_binlog_position, primary_gtid_set, UNIX_TIMESTAMP(started) AS taken, UNIX_TIMESTAMP(finished) AS ended FROM "+copiesTable+" ORDER BY finished DESC LIMIT 1")
	if n := mysql.Number(err); n == errNoTable || n == errNoSchema || err == nil && len(rows) == 0 {
		return nil, fmt.Errorf("%w: the target has no record of a copy in %s: give the dump with -d, or the place with --from", ErrRefused, copiesTable)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", copiesTable, err)
	}
	r := rows[0]
	number := func(column string) uint64 {
		n, _ := strconv.ParseUint(r.Text(column), 10, 64)
		return n
	}
	at := func(column string) time.Time {
		seconds, _ := strconv.ParseFloat(r.Text(column), 64)
		return time.UnixMicro(int64(seconds * 1e6))
	}
	taken, ended := at("taken"), at("ended")
	of := fmt.Sprintf("copy %s of %s", r.Text("id"), r.Text("source"))
	var out []Place
	if r.Text("coordinates") == string(dump.Recorded) {
		out = append(out, Place{Of: of, UUID: r.Text("source_uuid"), ServerID: number("source_server_id"),
			File: r.Text("binlog_file"), Position: number("binlog_position"), GTIDSet: r.Text("gtid_set"), Taken: taken, Loaded: ended})
	}
	if f := r.Text("primary_binlog_file"); f != "" {
		out = append(out, Place{Of: of, Address: r.Text("primary_host") + ":" + r.Text("primary_port"), File: f,
			Position: number("primary_binlog_position"), GTIDSet: r.Text("primary_gtid_set"), Taken: taken, Loaded: ended})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: %s has no place in a binary log: %s", ErrRefused, of, r.Text("coordinates"))
	}
	return out, nil
}

const (
	errNoTable  = 1146
	errNoSchema = 1049
)

// placeOn picks the place that is one in the source's log.
func placeOn(places []Place, source *mysql.Server, address string) (Place, error) {
	f := &source.Facts
	var others []string
	for _, p := range places {
		switch {
		case p.Address != "":
			if p.Address == address || p.Address == source.Options.Address() {
				return p, nil
			}
			others = append(others, p.Address)
		case p.UUID == "" && p.ServerID == 0, p.UUID != "" && p.UUID == f.UUID, p.UUID == "" && f.UUID == "" && p.ServerID == f.ServerID:
			return p, nil
		default:
			others = append(others, fmt.Sprintf("server id %d %s", p.ServerID, p.UUID))
		}
	}
	return Place{}, fmt.Errorf("%w: %s was taken from another server (%s) than the source (%s, server id %d %s)",
		ErrRefused, places[0].Of, strings.Join(others, "; "), source.Options.Address(), f.ServerID, f.UUID)
}
