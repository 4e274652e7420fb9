"""A shop with one object of each kind, applied to a machine in memory, and a look at it."""

import base64

from gitops.look import Sight, sight
from gitops.planning.house import House
from tests.host import Host

SECRET = "s3cr3t-value"
SECRET_IN_BASE64 = base64.b64encode(SECRET.encode()).decode()

AROUND = f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: shop}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: conf, namespace: shop}}
data: {{motd: "hello\\nworld", copy: "{SECRET} in the wrong place"}}
---
apiVersion: v1
kind: Secret
metadata:
  name: keys
  namespace: shop
  annotations: {{last-applied: "{SECRET_IN_BASE64}"}}
data: {{password: {SECRET_IN_BASE64}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: shop}}
spec: {{accessModes: [ReadWriteOnce, ReadOnlyMany], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec:
  type: NodePort
  selector: {{app: web}}
  ports:
    - {{name: http, port: 80, targetPort: 8080, nodePort: 30080}}
    - {{name: dns, port: 53, targetPort: 5353}}
"""

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: main
          image: app:1
          volumeMounts: [{name: conf, mountPath: /etc/conf}]
          ports: [{containerPort: 80}]
      volumes: [{name: conf, configMap: {name: conf}}]
"""

JOB = """\
apiVersion: v1
kind: Pod
metadata: {name: job}
spec:
  restartPolicy: Never
  containers:
    - name: main
      image: app:2
      ports: [{containerPort: 80, hostPort: 8080}]
"""

SET = """\
apiVersion: {version}
kind: {kind}
metadata: {{name: set, namespace: shop}}
spec:
  {replicas}
  {selector}
  template:
    metadata: {{labels: {{app: set}}}}
    spec:
      containers: [{{name: main, image: app:1}}]
      {pod}
"""

FILES = {"around.yaml": AROUND, "web.yaml": WEB, "job.yaml": JOB}


def workload(kind: str, pod: str = "") -> str:
    """Return a DaemonSet, ReplicaSet, ReplicationController or StatefulSet; ``pod`` is more of its pods."""
    old = kind == "ReplicationController"
    return SET.format(
        version="v1" if old else "apps/v1",
        kind=kind,
        pod=pod,
        replicas="" if kind == "DaemonSet" else "replicas: 2",
        selector="selector: {app: set}" if old else "selector: {matchLabels: {app: set}}",
    )


def opened(host: Host) -> None:
    """Commit the shop and apply it."""
    host.commit("Open the shop", FILES)
    host.apply()


def seen(host: Host) -> Sight:
    return sight(House(host.source, host.engine), host.directory / "state", host.clock.now)
