package dumper

import "github.com/gomove/gomove/internal/mysql"

// auroraNeeds says what a cluster needs before it can load a dump of --for aurora, by version line.
func (r *run) auroraNeeds(s *Summary) []string {
	place := ""
	if r.o.Out != nil {
		place = r.o.Out.String()
	}
	needs := mysql.AuroraS3Needs(place)
	if s.Triggers+s.Routines > 0 {
		needs = append(needs, "triggers and functions: cluster parameter log_bin_trust_function_creators=1 where the cluster has a binary log")
	}
	return needs
}
