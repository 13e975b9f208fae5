package dumper

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/dump"
)

// proveUnmoved shows that the snapshot is of the same data as the interrupted run's, by the coordinates of both: what is
// committed moves them.
func (r *run) proveUnmoved(ctx context.Context, snap *Snapshot) (err error) {
	conn, err := r.server.Session(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	here, err := findPositionReader(ctx, r.server, conn)
	if err != nil {
		return err
	}
	proof, err := unmoved(r.resumed.Manifest, r.newManifest(snap.Facts), here, r.server.Facts.Variables)
	if err != nil {
		return r.o.notResumable(err)
	}
	snap.Facts.Plan = append(snap.Facts.Plan, "resumed: "+proof)
	return nil
}

// unmoved compares where the server stands with where it stood.
func unmoved(was, now *dump.Manifest, here positionReader, variables map[string]string) (proof string, err error) {
	if err := sameServer(&was.Server, &now.Server); err != nil {
		return "", err
	}
	a, b := &was.Snapshot.Coordinates, &now.Snapshot.Coordinates
	switch {
	case a.State == dump.NotASnapshot || b.State == dump.NotASnapshot:
		return "", errors.New("--consistency none keeps no state of the server that could be gone on with")
	case a.State == dump.NoPrivilege || b.State == dump.NoPrivilege:
		return "", errors.New("the account may not see the binary log's position (grant REPLICATION CLIENT), which alone shows that no row has changed")
	case a.State == dump.Recorded && b.State == dump.Recorded:
		return unmovedLog(was, now, here, variables)
	case a.State != b.State:
		return "", errors.New("the binary log was switched on or off since")
	}
	return unmovedReplica(was, now, here, variables)
}

func sameServer(was, now *dump.ServerFacts) error {
	switch {
	case was.UUID != now.UUID || was.ServerID != now.ServerID || was.Flavor != now.Flavor:
		return fmt.Errorf("the source is another server (%s, server_id %d %s; it was %s, server_id %d %s)",
			now.Flavor, now.ServerID, now.UUID, was.Flavor, was.ServerID, was.UUID)
	case was.Version != now.Version:
		return fmt.Errorf("the source has been upgraded from %s to %s", was.Version, now.Version)
	}
	return nil
}

// unmovedLog is for a server that writes every change to its own binary log.
func unmovedLog(was, now *dump.Manifest, here positionReader, variables map[string]string) (string, error) {
	a, b := &was.Snapshot.Coordinates, &now.Snapshot.Coordinates
	if here.filtered {
		return "", errors.New("binlog-do-db or binlog-ignore-db keeps changes out of the binary log, so its position does not show them")
	}
	if here.replica != "" && !on(variables, "log_slave_updates", "log_replica_updates") {
		if _, err := unmovedReplica(was, now, here, variables); err != nil {
			return "", fmt.Errorf("this replica does not log what it applies, and %w", err)
		}
	}
	samePlace := a.File == b.File && a.Position == b.Position && a.GTIDSet == b.GTIDSet
	// Each transaction has a GTID: a restart, which begins a new file, does not matter.
	sameGTIDs := a.GTIDSet != "" && a.GTIDSet == b.GTIDSet && (here.mariadb || strings.EqualFold(variables["gtid_mode"], "ON"))
	switch {
	case samePlace:
		return fmt.Sprintf("the binary log is still at %s:%d, so no row has changed since", b.File, b.Position), nil
	case sameGTIDs:
		return fmt.Sprintf("the binary log still ends at GTID %s, so no row has changed since", b.GTIDSet), nil
	}
	return "", fmt.Errorf("the data may have changed: the binary log is at %s, and was at %s in the interrupted run", placeText(b), placeText(a))
}

// unmovedReplica is for a replica: it stands where it stood in its source's log, and nobody else may write.
func unmovedReplica(was, now *dump.Manifest, here positionReader, variables map[string]string) (string, error) {
	a, b := was.Snapshot.Source, now.Snapshot.Source
	switch {
	case b == nil || here.replica == "":
		return "", errors.New("the server writes no binary log and is no replica, so nothing shows that its data is as it was")
	case here.channels > 1:
		return "", errors.New("the server replicates over more than one channel and keeps no log of it")
	case here.replicaRunning:
		return "", errors.New("the replica is running: stop it (STOP REPLICA SQL_THREAD)")
	case !on(variables, "read_only"):
		return "", errors.New("the server writes no binary log, and read_only is OFF: others may have written to it")
	case a == nil || *a != *b || b.File == "":
		return "", fmt.Errorf("the replica has moved to %s in its source's log, and was at %s in the interrupted run", placeText(b), placeText(a))
	}
	return fmt.Sprintf("the stopped replica is still at %s:%d of its source, so no row has changed since", b.File, b.Position), nil
}

// on reports whether one of the variables is.
func on(variables map[string]string, names ...string) bool {
	for _, n := range names {
		if v := variables[n]; strings.EqualFold(v, "ON") || v == "1" {
			return true
		}
	}
	return false
}

func placeText(c *dump.Coordinates) string {
	if c == nil || c.File == "" {
		return "an unknown place"
	}
	return c.String()
}
