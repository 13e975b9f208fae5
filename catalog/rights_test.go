package catalog

import "testing"

// What a line of SHOW GRANTS leaves open: roles and revokes do, routines and proxies do not.
func TestIsOpaque(t *testing.T) {
	for line, want := range map[string]bool{
		"GRANT `app`@`%` TO `u`@`%`":                                         true,
		"GRANT `ON`@`%` TO `u`@`%`":                                          true,
		"REVOKE SELECT ON `a`.* FROM `u`@`%`":                                true,
		"GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `a`.`p` TO `u`@`%`":       false,
		"GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION":       false,
		"GRANT EXECUTE ON PACKAGE BODY `a`.`p` TO `u`@`%` WITH GRANT OPTION": false,
	} {
		if got := isOpaque(line); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
